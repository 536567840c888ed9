// EngineExecutor
