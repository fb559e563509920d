import { idleSuite } from 'conformance/transport';
import { nodeTransport } from '../../src/transport/node/index.ts';
import { loadUws } from '../../src/transport/uws/index.ts';
import { onAForeignServer, onItsOwnPort } from '../support/transport-fixtures.ts';

// Beside the other suites, because it takes so much longer.
idleSuite({ name: 'node', create: onItsOwnPort(nodeTransport) });
idleSuite({ name: 'node, attached', create: onAForeignServer });
idleSuite({ name: 'uws', create: onItsOwnPort(await loadUws()) });
