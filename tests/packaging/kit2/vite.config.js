import { sveltekit } from '@sveltejs/kit/vite';
import uws from 'svelte-adapter-uws/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit(), uws()] });
