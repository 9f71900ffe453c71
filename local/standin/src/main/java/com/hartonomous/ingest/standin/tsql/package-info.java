/**
 * T-SQL, the subset that the stand-in knows: text to tokens ({@link
 * com.hartonomous.ingest.standin.tsql.Tokenizer}), tokens to a syntax tree ({@link
 * com.hartonomous.ingest.standin.tsql.TsqlParser}), tree to H2's SQL ({@link
 * com.hartonomous.ingest.standin.tsql.H2Emitter}). Nothing is rewritten as text.
 *
 * <p>The tree: a {@link com.hartonomous.ingest.standin.tsql.Statement} is one of six families. The
 * engine interprets {@link com.hartonomous.ingest.standin.tsql.ControlStatement} and {@link
 * com.hartonomous.ingest.standin.tsql.SessionStatement}, which hold nested statements; the emitter
 * translates {@link com.hartonomous.ingest.standin.tsql.DataStatement} and {@link
 * com.hartonomous.ingest.standin.tsql.DefinitionStatement}. Service Broker's {@link
 * com.hartonomous.ingest.standin.tsql.BrokerStatement} and {@link
 * com.hartonomous.ingest.standin.tsql.BrokerDefinition} are the engine's. Exceptions: INSERT ...
 * EXEC, INSERT BULK, CREATE PROCEDURE, CREATE and ALTER DATABASE and DROP of procedures and
 * databases are the engine's too, and for SELECT ... INTO it first creates the table that {@link
 * com.hartonomous.ingest.standin.tsql.H2Emitter#tableOfSelectInto} describes. To evaluate the
 * expression of a SET, IF, PRINT and so on, the engine lets the emitter make a query of it.
 *
 * <p>What the emitter must know about the catalogue and the session it asks the {@link
 * com.hartonomous.ingest.standin.tsql.Environment}, which the engine implements. Built-in functions
 * come in three sorts:
 *
 * <ul>
 *   <li>pure ones are H2 built-ins or aliases in the reserved H2 schema {@code STANDIN}, created by
 *       {@link com.hartonomous.ingest.standin.tsql.BuiltinFunctions#registerAliases};
 *   <li>values of the session ({@code @@TRANCOUNT}, {@code SCOPE_IDENTITY()} ...) become positional
 *       parameters, {@link com.hartonomous.ingest.standin.tsql.ParameterReference.SessionValue};
 *   <li>functions of the catalogue ({@code OBJECT_ID(..)} ...) become calls of aliases that the
 *       engine creates, listed in {@link com.hartonomous.ingest.standin.tsql.CatalogueFunction}.
 * </ul>
 *
 * <p>Strict: what is not known is refused by a {@link
 * com.hartonomous.ingest.standin.type.SqlServerError} that names it.
 */
package com.hartonomous.ingest.standin.tsql;
