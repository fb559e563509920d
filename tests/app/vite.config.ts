import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-uws';
import realtime from 'svelte-realtime/vite';
import { defineConfig } from 'vite';

// The tests are many clients at one address.
const websocket = { upgradeRateLimit: 0 };

export default defineConfig({ plugins: [sveltekit({ adapter: adapter({ websocket }) }), realtime()] });
