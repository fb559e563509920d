declare module 'svelte-realtime/server' {
	interface Register {
		user: { id: string; name: string };
	}
}
export {};
