import { portSuite, tcpTransportSuite, transportSuite } from 'conformance/transport';
import { nodeTransport } from '../../src/transport/node/index.ts';
import { loadUws } from '../../src/transport/uws/index.ts';
import { fromAnAcceptor, inMemory, onAForeignServer, onAnyPort, onItsOwnPort } from '../support/transport-fixtures.ts';

const uws = await loadUws();

transportSuite({ name: 'memory', create: inMemory });
transportSuite({ name: 'node', create: onItsOwnPort(nodeTransport) });
transportSuite({ name: 'node, attached', create: onAForeignServer });
transportSuite({ name: 'node, handed', create: fromAnAcceptor });
transportSuite({
	name: 'uws',
	create: onItsOwnPort(uws),
	knownGaps: {
		'tells topics apart that are not well formed': 'the engine knows topics as UTF-8, which has no lone surrogates'
	}
});

tcpTransportSuite({ name: 'node', create: onItsOwnPort(nodeTransport) });
tcpTransportSuite({ name: 'node, attached', create: onAForeignServer });
tcpTransportSuite({ name: 'node, handed', create: fromAnAcceptor });
tcpTransportSuite({
	name: 'uws',
	create: onItsOwnPort(uws),
	knownGaps: {
		'ends a connection over a frame that is not masked': 'the engine does not look at the bit that says whether there is a mask',
		'ends a connection over a close frame of one byte': 'the engine takes it for a close frame without a code'
	}
});

portSuite({ name: 'node', create: onAnyPort(nodeTransport) });
portSuite({ name: 'uws', create: onAnyPort(uws) });
