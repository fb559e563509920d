import { expect, it } from 'vitest';
import { openClient, WELCOME } from '../../test/support/browser.ts';
import type { Client } from '../contract/client.ts';
import { answerRequests } from './request.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('answers with what the handler returns, at once or later, each by its ref', async () => {
	const { browser, client } = openClient();
	const slow = Promise.withResolvers<string>();
	answerRequests(client, (event, data) => (event === 'slow' ? slow.promise : { event, data }));
	browser.socket.receive({ type: 'request', ref: 1, event: 'slow' });
	browser.socket.receive({ type: 'request', ref: 'b', event: 'fast', data: [1] });
	await settled();
	expect(browser.socket.sent).toEqual(['{"type":"reply","ref":"b","data":{"event":"fast","data":[1]}}']);
	slow.resolve('done');
	await settled();
	expect(browser.socket.read()[1]).toEqual({ type: 'reply', ref: 1, data: 'done' });
});

it('answers nothing as null, and what is thrown as an error', async () => {
	const { browser, client } = openClient();
	const cycle: { self?: unknown } = {};
	cycle.self = cycle;
	const answers: Record<string, () => unknown> = {
		nothing: () => undefined,
		throws: () => {
			throw new Error('no');
		},
		rejects: () => Promise.reject(new Error('later no')),
		odd: () => Promise.reject('text'),
		cycle: () => cycle,
		long: () => 'x'.repeat(WELCOME.maxPayloadLength)
	};
	answerRequests(client, (event) => answers[event]!());
	for (const event of Object.keys(answers)) browser.socket.receive({ type: 'request', ref: event, event });
	await settled();
	const byRef = Object.fromEntries(browser.socket.read().map(({ ref, data, error }) => [ref, error ?? data]));
	expect(byRef).toEqual({
		nothing: null,
		throws: 'no',
		rejects: 'later no',
		odd: 'text',
		cycle: expect.stringContaining('circular'),
		long: 'PAYLOAD_TOO_LARGE'
	});
});

it('has one handler: the latest, which only its own function removes; without one nothing is answered', async () => {
	const { browser, client } = openClient();
	const ask = async (): Promise<unknown[]> => {
		browser.socket.receive({ type: 'request', ref: 1, event: 'x' });
		await settled();
		return browser.socket.read().map(({ data }) => data);
	};
	expect(await ask()).toEqual([]);
	const first = answerRequests(client, () => 'first');
	const second = answerRequests(client, () => 'second');
	first();
	expect(await ask()).toEqual(['second']);
	second();
	expect(await ask()).toEqual([]);
});

it.each([
	['gone', (client: Client) => client.close()],
	['followed by another one', () => {}]
])('drops an answer whose socket is %s', async (_what, before) => {
	const { browser, client } = openClient();
	const slow = Promise.withResolvers<string>();
	answerRequests(client, () => slow.promise);
	browser.socket.receive({ type: 'request', ref: 1, event: 'x' });
	before(client);
	browser.socket.end(1012);
	browser.time.pass(4000);
	browser.socket.open();
	browser.socket.read();
	slow.resolve('late');
	await settled();
	expect(browser.socket.read()).toEqual([]);
});
