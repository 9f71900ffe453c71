/** What the stages need of the world around them: connections, secrets, operator identities. */
package com.hartonomous.ingest.runtime;
