import { idleSuite } from 'conformance/transport';
import { describe } from 'vitest';
import { nodeTransport } from '../../src/transport/node/index.ts';
import { loadUws } from '../../src/transport/uws/index.ts';
import { onAForeignServer, onItsOwnPort } from '../support/transport-fixtures.ts';

const uws = await loadUws();

describe.concurrent('side by side', () => {
	idleSuite({ name: 'node', create: onItsOwnPort(nodeTransport) });
	idleSuite({ name: 'node, attached', create: onAForeignServer });
	idleSuite({ name: 'uws', create: onItsOwnPort(uws) });
});
