/** The floors of the house: what each folder may import beside its own files. See ARCHITECTURE.md. */
const adapter = {
	contract: [],
	protocol: ['contract'],
	merge: ['contract'],
	transport: ['contract'],
	http: ['contract'],
	service: ['contract', 'protocol'],
	core: ['contract', 'protocol'],
	client: ['contract', 'protocol', 'merge'],
	host: ['contract', 'protocol', 'merge', 'transport', 'http', 'service', 'core'],
	build: ['contract', 'host'],
	plugins: ['contract', 'host', 'service']
};
const realtime = {
	shared: [],
	define: ['shared'],
	runtime: ['define', 'shared', 'manifest.ts'],
	features: ['runtime', 'define', 'shared'],
	client: ['shared'],
	build: ['shared']
};

const floors = (name, table) =>
	Object.entries(table).map(([folder, below]) => ({
		name: `${name}-${folder}`,
		comment: `${name}/src/${folder} may import only ${[folder, ...below].join(', ')}. Move the code to the floor where it belongs.`,
		severity: 'error',
		from: { path: `^packages/${name}/src/${folder}/`, pathNot: '\\.test\\.ts$' },
		to: {
			path: `^packages/${name}/src/`,
			pathNot: `^packages/${name}/src/(?:${[folder, ...below].map((part) => (part.endsWith('.ts') ? part.replace('.', '\\.') : `${part}/`)).join('|')})`
		}
	}));

const sources = '^packages/[^/]+/src/';
const tests = '\\.test\\.ts$';

module.exports = {
	forbidden: [
		{
			name: 'no-circles',
			comment: 'A circle means that two files are one, or that a third is missing. Types count.',
			severity: 'error',
			from: { path: sources },
			to: { circular: true }
		},
		...floors('svelte-adapter-uws', adapter),
		...floors('svelte-realtime', realtime),
		{
			name: 'node-stays-on-the-server',
			comment: 'These folders run in browsers too, or know no platform.',
			severity: 'error',
			from: {
				path: '^packages/(?:svelte-adapter-uws/src/(?:contract|protocol|merge|core|client)|svelte-realtime/src/(?:shared|define|client))/',
				pathNot: tests
			},
			to: { dependencyTypes: ['core'] }
		},
		{
			name: 'uws-lives-in-one-folder',
			comment: 'Everything else must run without the native engine.',
			severity: 'error',
			from: { path: sources, pathNot: '^packages/svelte-adapter-uws/src/transport/uws/' },
			to: { path: 'uWebSockets' }
		},
		{
			name: 'ws-lives-in-the-node-transport',
			comment: 'Everything else speaks through the transport contract.',
			severity: 'error',
			from: {
				path: '^packages/svelte-(?:adapter-uws|realtime)/src/',
				pathNot: `^packages/svelte-adapter-uws/src/transport/node/|${tests}`
			},
			to: { path: 'node_modules/ws/' }
		},
		{
			name: 'features-stand-apart',
			comment: 'A feature that needs another one needs something below both.',
			severity: 'error',
			from: { path: '^packages/svelte-realtime/src/features/([^/]+)', pathNot: `features/standard\\.ts$|${tests}` },
			to: { path: '^packages/svelte-realtime/src/features/', pathNot: '^packages/svelte-realtime/src/features/$1' }
		},
		{
			name: 'live-comes-before-the-app',
			comment: 'attach.ts imports the live modules of the app in dev, which import live: it would not be there yet.',
			severity: 'error',
			from: { path: '^packages/svelte-realtime/src/(?:live|define/.*)\\.ts$' },
			to: { path: '^packages/svelte-realtime/src/attach\\.ts$', reachable: true }
		},
		{
			name: 'public-subpaths-only',
			comment: 'What we need of the adapter, others need as well: use a published subpath.',
			severity: 'error',
			from: { path: '^packages/(?:svelte-realtime|conformance)/' },
			to: { path: '^packages/svelte-adapter-uws/src/' }
		},
		{
			name: 'nothing-imports-a-face',
			comment: 'Faces are for users; inside, import the file that has it.',
			severity: 'error',
			from: { path: '^packages/svelte-adapter-uws/src/[^/]+/', pathNot: tests },
			to: { path: '^packages/svelte-adapter-uws/src/[^/]+\\.ts$', pathNot: '/src/(?:plugin)\\.ts$' }
		},
		{
			name: 'svelte-is-not-needed',
			comment: 'The stores keep the store contract by themselves, so they run on Svelte 4 and 5.',
			severity: 'error',
			from: { path: sources, pathNot: `client/svelte\\.ts$|${tests}` },
			to: { path: 'node_modules/svelte/' }
		}
	],
	options: {
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.base.json' },
		// What room-hooks.ts imports while hooks run comes after the app, whatever the app imports while it starts.
		doNotFollow: { path: 'node_modules|svelte-realtime/src/room-hooks\\.ts$' },
		exclude: { path: '/dist/|/test/types/project/' },
		enhancedResolveOptions: {
			extensions: ['.ts', '.js'],
			exportsFields: ['exports'],
			conditionNames: ['import', 'types', 'default']
		}
	}
};
