(globalThis as { instrumented?: boolean }).instrumented = true;
