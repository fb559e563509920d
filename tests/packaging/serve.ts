import { onTestFinished } from 'vitest';
import type { Running } from 'conformance/running';
import { connect, type Client } from './client.ts';
import { originOf, start } from './project.ts';

/** Starts a built server, by default the test app, that ends with the test. */
export function run(env: Readonly<Record<string, string>> = {}, directory?: string): Running {
	const server = start(env, directory);
	onTestFinished(() => server[Symbol.asyncDispose]());
	return server;
}

/** The same, once it listens at `origin`. */
export async function serve(
	env: Readonly<Record<string, string>> = {},
	directory?: string
): Promise<{ readonly server: Running; readonly origin: string }> {
	const server = run(env, directory);
	return { server, origin: await originOf(server) };
}

/** A client of a server with its socket at the usual path. */
export const visit = (origin: string, query = ''): Promise<Client> =>
	connect(`${origin.replace('http', 'ws')}/ws${query}`, origin);
