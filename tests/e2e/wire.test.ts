import { overWebSocket } from 'conformance/wire/client';
import { envelopeSuite } from 'conformance/wire/envelope';
import { reactiveSuite } from 'conformance/wire/reactive';
import { rpcSuite } from 'conformance/wire/rpc';
import { roomSuite } from 'conformance/wire/room';
import { uploadSuite } from 'conformance/wire/upload';
import { afterAll, beforeAll, describe } from 'vitest';
import { App, CLUSTERED, MODES } from './support/modes.ts';

describe.each([...MODES, ...CLUSTERED])('$name', (mode) => {
	let app: App;
	beforeAll(async () => void (app = await App.serve(mode, 'tests/app')));
	afterAll(() => app?.[Symbol.asyncDispose]());

	// The suites leave nothing behind on a connection of their own, so one server serves all of their tests.
	const create = () =>
		Promise.resolve({
			open: overWebSocket(`${app.url.replace('http', 'ws')}/ws`),
			origin: app.url,
			[Symbol.asyncDispose]: () => Promise.resolve()
		});
	envelopeSuite({ name: mode.name, create });
	rpcSuite({ name: mode.name, create });
	reactiveSuite({ name: mode.name, create });
	uploadSuite({ name: mode.name, create });
	roomSuite({ name: mode.name, create });
});
