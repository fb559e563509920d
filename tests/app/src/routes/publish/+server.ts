import { json } from '@sveltejs/kit';
import type { BatchedMessage, Platform } from 'svelte-adapter-uws';

interface Order {
	readonly how: 'publish' | 'batch' | 'batched' | 'topic' | 'sendTo';
	readonly messages: readonly BatchedMessage[];
}

const ways: Readonly<Record<Order['how'], (platform: Platform, messages: readonly BatchedMessage[]) => unknown>> = {
	publish: (platform, messages) =>
		messages.map(({ topic, event, data, options }) => platform.publish(topic, event, data, options)),
	batch: (platform, messages) => platform.batch(messages),
	batched: (platform, messages) => platform.publishBatched(messages) ?? null,
	topic: (platform, messages) => messages.map(({ topic, event, data }) => platform.topic(topic).publish(event, data)),
	sendTo: (platform, messages) =>
		messages.map(({ topic, event, data }) => platform.sendTo(({ user }) => user !== null, topic, event, data))
};

export const POST = async ({ platform, request }) => {
	const { how, messages } = (await request.json()) as Order;
	return json(ways[how](platform!, messages));
};
