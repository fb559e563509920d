// Tests and what they start see the same environment everywhere: settings of a server, colours or a token of whoever runs them stay outside.
const KEPT =
	/^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TMP|TEMP|TZ|LANG|LANGUAGE|LC_\w+|LD_LIBRARY_PATH|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|NPM_\w+|VITEST\w*|MODE|DEV|PROD|SSR|BASE_URL|CHROMIUM|FUZZ_CONVERSATIONS|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|USERPROFILE|(?:LOCAL)?APPDATA)$/i;

for (const name of Object.keys(process.env)) if (!KEPT.test(name)) delete process.env[name];
process.env.NODE_ENV = 'test';
