import type { Platform as UwsPlatform } from 'svelte-adapter-uws';

declare global {
	namespace App {
		interface Platform extends UwsPlatform {}
	}
}
