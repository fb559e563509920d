import { httpSuite } from 'conformance/http';
import { afterAll } from 'vitest';
import { HttpSite } from '../support/http-site.ts';
import { wireTransports } from '../support/transports.ts';

const site = await HttpSite.write();
afterAll(() => site[Symbol.asyncDispose]());

const TRIMMED = 'the engine takes bytes beyond ASCII around a value for white space, and does not show them';

const KNOWN_GAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	uws: {
		'answers pipelined requests in order': 'the engine drops a connection that sends a request before the last one is answered',
		'takes chunk extensions and trailers': 'the engine takes neither: the first for malformed, the second for the next request',
		'answers HTTP/1.0': 'the engine speaks HTTP/1.1 alone',
		'refuses an encoding behind a byte beyond ASCII, closes, and asks nobody': TRIMMED,
		'refuses a length before a byte beyond ASCII, closes, and asks nobody': TRIMMED,
		'asks nobody about a header without a name':
			'the engine takes it for the end of the headers, and shows none of those behind it'
	}
};

for (const { name, listen } of await wireTransports()) {
	if (name === 'memory') continue;
	httpSuite({ name, knownGaps: KNOWN_GAPS[name] ?? {}, create: () => site.serve(listen) });
}
