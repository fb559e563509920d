/** One thing that happened and may be counted: a stable name and what was measured. */
export interface TelemetryEvent {
	/** `<area>.<thing>`, for example `socket.open` or `limit.subscriptions`. */
	readonly name: string;
	readonly value?: number;
	readonly labels?: Readonly<Record<string, string>>;
}

/** Receives every telemetry event of one server. It must not throw. */
export type Telemetry = (event: TelemetryEvent) => void;
