import { httpAttackSuite } from 'conformance/http';
import { afterAll } from 'vitest';
import { HttpSite } from '../support/http-site.ts';
import { wireTransports } from '../support/transports.ts';

const site = await HttpSite.write();
afterAll(() => site[Symbol.asyncDispose]());

const KNOWN_GAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	uws: {
		'answers hundreds of requests that were sent at once, in order':
			'the engine drops a connection that sends a request before the last one is answered'
	}
};

for (const { name, listen } of await wireTransports()) {
	if (name === 'memory') continue;
	httpAttackSuite({ name, knownGaps: KNOWN_GAPS[name] ?? {}, create: () => site.serve(listen) });
}
