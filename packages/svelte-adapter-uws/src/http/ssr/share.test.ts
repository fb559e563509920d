import { expect, it } from 'vitest';
import { recipient, requestHead } from '../../../test/support/http.ts';
import type { HeaderList } from '../../contract/http.ts';
import type { ProxyConfig } from './address.ts';
import { SharedRenders, type Render } from './share.ts';

function create(proxy: Partial<ProxyConfig> = {}) {
	const shared = new SharedRenders({ forwardedDepth: 1, ...proxy });
	let renders = 0;
	const gate = Promise.withResolvers<void>();
	const ask = (path: string, headers: HeaderList = []): Promise<Render> =>
		shared.get(requestHead({ path, headers: [['host', 'a'], ...headers] }), recipient(), async () => {
			renders++;
			await gate.promise;
			return { response: new Response('made'), isPersonal: false };
		});
	return { ask, open: gate.resolve, renders: () => renders };
}

it('remembers no more than 500 renders, and lets the others go on alone', async () => {
	const { ask, open, renders } = create();
	const all = Array.from({ length: 510 }, (_, n) => [ask(`/${n}`), ask(`/${n}`)]).flat();
	expect(renders()).toBe(500 + 2 * 10);
	open();
	await Promise.all(all);
	expect(renders()).toBe(520);
	void ask('/new');
	void ask('/new');
	expect(renders()).toBe(521);
});

it('ignores the configured address, and heeds every header that makes up the origin', async () => {
	for (const [proxy, name, expected] of [
		[{ addressHeader: 'x-client' }, 'x-client', 1],
		[{}, 'x-client', 2],
		[{ hostHeader: 'forwarded' }, 'forwarded', 2],
		[{ portHeader: 'via' }, 'via', 2],
		[{ protocolHeader: 'x-real-ip' }, 'x-real-ip', 2]
	] as const) {
		const { ask, renders } = create(proxy);
		void ask('/', [[name, '1']]);
		void ask('/', [[name, '2']]);
		expect(renders()).toBe(expected);
	}
});
