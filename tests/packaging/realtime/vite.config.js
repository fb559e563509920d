import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-uws';
import realtime from 'svelte-realtime/vite';
import { defineConfig } from 'vite';

// Tests are one address, and connect until each worker has somebody.
export default defineConfig({ plugins: [sveltekit({ adapter: adapter({ websocket: { upgradeRateLimit: 0 } }) }), realtime()] });
