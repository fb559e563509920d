import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-uws';
import realtime from 'svelte-realtime/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit({ adapter: adapter({ websocket: true }) }), realtime()] });
