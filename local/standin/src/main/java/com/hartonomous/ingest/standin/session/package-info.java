/**
 * Connections: login, and the requests of a logged-in client one after the other, handed to the
 * engine, whose results become reply tokens. Imports wire, engine and type.
 */
package com.hartonomous.ingest.standin.session;
