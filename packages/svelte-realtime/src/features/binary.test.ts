import { describe, expect, it } from 'vitest';
import { createLiveServer, TRANSPORTS } from '../../test/live-server.ts';
import { createBinaryCall } from '../client/rpc/binary.ts';
import { guard, live } from '../define/live.ts';
import { encodeBinaryCall } from '../shared/binary-frame.ts';
import { LiveError } from '../shared/error.ts';

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

function definitions() {
	const seen: unknown[] = [];
	const echo = live.binary(
		(_ctx, data, ...args: unknown[]) => {
			seen.push([data instanceof ArrayBuffer, data.byteLength]);
			return [[...new Uint8Array(data)], ...args];
		},
		{ maxSize: 4_000 }
	);
	return {
		seen,
		live: {
			'files/echo': echo,
			'files/limited': live.rateLimit(
				{ points: 1, window: 60_000 },
				live.scoped((ctx) => ctx.user?.id === 'ann', echo)
			),
			'files/locked': live.lock('one', live.public(echo)),
			'files/fail': live.binary(() => {
				throw new LiveError('TOO_DARK', 'The picture is too dark.');
			}),
			'files/text': live((_ctx, ...args: unknown[]) => args)
		}
	};
}

describe.each(TRANSPORTS)('live.binary on %s', (transport) => {
	it('takes bytes, and what stands beside them', async () => {
		const { live: installed, seen } = definitions();
		await using app = await createLiveServer(installed, { transport });
		const { live: page } = app.page();
		const echo = createBinaryCall(page, 'files/echo');
		await expect(echo(bytes(1, 2, 255), 'a.png', { n: 1 })).resolves.toEqual([[1, 2, 255], 'a.png', { n: 1 }]);
		await expect(echo(bytes(9, 8, 7).subarray(1))).resolves.toEqual([[8, 7]]);
		await expect(echo(new DataView(bytes(5, 6).buffer, 1))).resolves.toEqual([[6]]);
		await expect(echo(new ArrayBuffer(0))).resolves.toEqual([[]]);
		await expect(createBinaryCall(page, 'files/fail')(bytes())).rejects.toMatchObject({ code: 'TOO_DARK' });
		expect(seen).toEqual([
			[true, 3],
			[true, 2],
			[true, 1],
			[true, 0]
		]);
	});

	it('refuses what is too large, here or there, and what is no bytes', async () => {
		await using app = await createLiveServer(definitions().live, { transport });
		const { live: page, client } = app.page();
		await client.ready();
		const echo: any = createBinaryCall(page, 'files/echo');
		await expect(echo(new Uint8Array(4_001))).rejects.toMatchObject({
			code: 'PAYLOAD_TOO_LARGE',
			message: expect.stringContaining('4000')
		});
		await expect(echo(new Uint8Array(4_000))).resolves.toHaveLength(1);
		await expect(echo(new Uint8Array(20_000))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
		await expect(echo(bytes(1), 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
		await expect(echo('text')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
		await expect(echo(bytes(1), 1n)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
		await expect(page().calls.batch(() => [echo(bytes(1))], false)).resolves.toEqual([[[1]]]);
	});

	it('stays what it is in its wrappers, and behind its guard', async () => {
		await using app = await createLiveServer(definitions().live, { transport, guard: guard({ authenticated: true }) });
		const of = (user: string) => {
			const { live: page } = app.page(user);
			return (path: string) => createBinaryCall(page, path)(bytes(1));
		};
		const [ann, bob, nobody] = [of('ann'), of('bob'), of('')];
		await expect(ann('files/limited')).resolves.toEqual([[1]]);
		await expect(ann('files/limited')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
		await expect(bob('files/limited')).rejects.toMatchObject({ code: 'FORBIDDEN' });
		await expect(bob('files/locked')).resolves.toEqual([[1]]);
		await expect(nobody('files/echo')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
	});

	it('keeps calls with bytes and calls without apart', async () => {
		await using app = await createLiveServer(definitions().live, { transport });
		const page = app.page();
		await expect(page.call('files/echo')([1])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
		await expect(page.call('files/echo').with({})({ payload: 1 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
		await expect(createBinaryCall(page.live, 'files/text')(bytes(1))).rejects.toMatchObject({
			code: 'INVALID_REQUEST'
		});
		await expect(createBinaryCall(page.live, 'files/none')(bytes(1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
	});
});

it('takes no frame for a call that is cut, lies about its lengths or has no header of a request', async () => {
	await using app = await createLiveServer(definitions().live);
	const [page] = [app.page()];
	await page.client.ready();
	const good = encodeBinaryCall('{"rpc":"files/echo","id":"k9","args":[]}', bytes(1))!;
	const answers: unknown[] = [];
	page.client.tap((envelopes) => answers.push(...envelopes.map(({ data }) => data)));
	for (const frame of [
		bytes(0),
		bytes(0, 0),
		bytes(0, 0, 0),
		bytes(0, 0, 0, 1, 2),
		bytes(0, 255, 255, 0x7b),
		bytes(0, 0, 2, 0x7b, 0x7d),
		good.subarray(0, 12),
		...[
			'{"rpc":"files/echo"}',
			'{"id":"a","rpc":1}',
			'{"rpc":"files/echo","id":3}',
			'{"batch":[]}',
			'[]',
			'{"rpc"',
			'\u0000'
		].map((header) => encodeBinaryCall(header, bytes(1))!),
		Uint8Array.from([0, 0, 3, 0xff, 0xfe, 0xfd, 1])
	])
		page.client.sendNow(frame);
	page.client.sendNow(good);
	await expect(createBinaryCall(page.live, 'files/echo')(bytes(2))).resolves.toEqual([[2]]);
	expect(answers).toEqual([{ id: 'k9', ok: true, data: [[1]] }, expect.objectContaining({ ok: true, data: [[2]] })]);
	page.client.sendNow(encodeBinaryCall('{"rpc":"files/echo","id":"k8","args":{}}', bytes(1))!);
	page.client.sendNow(encodeBinaryCall('{"rpc":"files/echo","id":"k7","stream":true}', bytes(1))!);
	await createBinaryCall(page.live, 'files/echo')(bytes(2));
	expect(answers.slice(2, 4)).toEqual([
		expect.objectContaining({ id: 'k8', code: 'INVALID_REQUEST' }),
		{ id: 'k7', ok: true, data: [[1]] }
	]);
});
