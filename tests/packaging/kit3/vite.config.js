import { sveltekit } from '@sveltejs/kit/vite';
import adapter from 'svelte-adapter-uws';
import { defineConfig } from 'vite';

export default defineConfig({
	plugins: [sveltekit({ adapter: adapter({ websocket: { path: '/live', upgradeRateLimit: 0 } }) })]
});
