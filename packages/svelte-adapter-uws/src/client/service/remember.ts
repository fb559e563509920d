import type { Readable } from '../../contract/client.ts';
import { onlyOnce } from '../guard.ts';
import { openPage } from '../page.ts';

/** The store of this name that the page watches, or a new one, which is the one of this name for as long as somebody watches it. */
export function remember<Store extends Readable<any>>(name: string, make: () => Store): Store {
	const known = openPage().shared?.get(name);
	if (known) return known as Store;
	const store = make();
	let watchers = 0;
	let forget = (): void => {};
	const own: Store = {
		...store,
		subscribe(run: (value: unknown) => void) {
			if (watchers++ === 0) {
				const client = openPage();
				const shared = (client.shared ??= new Map<string, Readable<unknown>>());
				if (!shared.has(name)) shared.set(name, own);
				forget = () => void (shared.get(name) === own && shared.delete(name));
			}
			const leave = store.subscribe(run);
			return onlyOnce(() => {
				leave();
				if (--watchers === 0) forget();
			});
		}
	};
	return own;
}
