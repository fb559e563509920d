import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Platform } from 'svelte-adapter-uws';

/** Carries what is published to the other instances of the app over a hub that passes every line on. */
export function createHubBus(port: number): { wrap(platform: Platform): Platform } {
	const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
	socket.unref();
	return {
		wrap(platform) {
			createInterface({ input: socket }).on('line', (line) => {
				const { topic, event, data } = JSON.parse(line) as { topic: string; event: string; data: unknown };
				platform.publish(topic, event, data, { relay: false });
			});
			return Object.create(platform, {
				publish: {
					value(topic: string, event: string, data?: unknown) {
						socket.write(`${JSON.stringify({ topic, event, data })}\n`);
						return platform.publish(topic, event, data);
					}
				}
			}) as Platform;
		}
	};
}
