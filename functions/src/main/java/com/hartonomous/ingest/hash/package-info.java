/** Names content by SHA-256, where it is read. */
package com.hartonomous.ingest.hash;
