import adapter from 'svelte-adapter-uws';

export default {
	kit: {
		adapter: adapter({ websocket: { path: '/live', upgradeRateLimit: 0 } }),
		experimental: { instrumentation: { server: true } }
	}
};
