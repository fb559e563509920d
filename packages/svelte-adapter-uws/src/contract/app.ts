import type { Platform as ServerPlatform } from './platform.ts';

declare global {
	namespace App {
		/** `event.platform` of every app that imports this package. */
		interface Platform extends ServerPlatform {}
	}
}
