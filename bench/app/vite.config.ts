import { sveltekit } from '@sveltejs/kit/vite';
import node from '@sveltejs/adapter-node';
import uws from 'svelte-adapter-uws';
import realtime from 'svelte-realtime/vite';
import { defineConfig } from 'vite';

/** The same app for both adapters: `ADAPTER=node vite build` makes `build/node`. */
const adapter =
	process.env['ADAPTER'] === 'node' ? node({ out: 'build/node' }) : uws({ out: 'build/uws', websocket: { upgradeRateLimit: 0 } });

export default defineConfig({ plugins: [sveltekit({ adapter }), realtime()] });
