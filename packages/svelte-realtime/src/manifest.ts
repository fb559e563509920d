/** One live module: where its exports are callable (`<path>/<export>`), and how it is loaded. */
export interface ManifestEntry {
	/** Path below the live directory without extension, `/` between segments. */
	readonly path: string;
	/** Imports the module; importing has no effect but to define its exports. */
	readonly load: () => Promise<Readonly<Record<string, unknown>>>;
	/** What the syntax of exports says that their text may not say any more once it was minified; by name. */
	readonly built?: Readonly<Record<string, Built>>;
}

/** What the build found out about one export. */
export interface Built {
	/** Whether the topic function of a stream takes `ctx` first. */
	readonly topicCtx?: boolean;
}

export type Manifest = readonly ManifestEntry[];

/** Every live module of the app. Empty here: the Vite plugin puts the app's own manifest in this module's place. */
export const manifest: Manifest = [];

/** Whether the Vite plugin made this module. */
export const generated: boolean = false;

/** Whether the app is being developed. */
export const dev: boolean = false;
