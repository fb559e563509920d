import type { Session, User } from '#lib/types.ts';

declare global {
	namespace App {
		interface Locals {
			session: Session | null;
		}
	}
}

declare module 'svelte-realtime/server' {
	interface Register {
		user: User;
	}
}
