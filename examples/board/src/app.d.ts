import type { Platform as AdapterPlatform } from 'svelte-adapter-uws';
import type { Session, User } from '#lib/types.ts';

declare global {
	namespace App {
		interface Locals {
			session: Session | null;
		}
		interface Platform extends AdapterPlatform {}
	}
}

declare module 'svelte-realtime/server' {
	interface Register {
		user: User;
	}
}
