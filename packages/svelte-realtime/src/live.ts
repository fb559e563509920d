import type { RoomConfig } from './define/room-config.ts';
import { live as definitions, type Live as Definitions } from './define/live.ts';
import { configurePush, notify, push, type PushMaker } from './push.ts';
import { roomWithHooks, type RoomWithHooks } from './room-hooks.ts';
import { webhook, type WebhookMaker } from './webhook.ts';

/** What `live` is: what describes exports of live modules, and what works on the server of this process. */
export interface Live extends Definitions, WebhookMaker, PushMaker {
	/** As `Definitions` has it, with hooks for an app that has no others. */
	room<Config extends RoomConfig>(config: Config): RoomWithHooks<Config>;
}

/** Describes what a live module exports. Nothing happens until a server installs it. */
export const live: Live = Object.assign(definitions, { room: roomWithHooks, webhook, push, notify, configurePush });
