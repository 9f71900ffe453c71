package com.hartonomous.ingest.standin.tsql;

/**
 * One statement of a batch. {@link ControlStatement}s and {@link SessionStatement}s are executed by
 * the engine itself, {@link DataStatement}s and {@link DefinitionStatement}s are turned into H2's
 * SQL by {@link H2Emitter}. {@link BrokerStatement}s and {@link BrokerDefinition}s are the engine's
 * too.
 */
public sealed interface Statement
    permits ControlStatement,
        SessionStatement,
        DataStatement,
        DefinitionStatement,
        BrokerStatement,
        BrokerDefinition {}
