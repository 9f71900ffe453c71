/**
 * Change data capture over H2: change tables that are filled by row triggers inside the writer's
 * own transaction, and log sequence numbers that are given at commit, in the order in which commits
 * become visible. Knows H2 and the shared types; the engine drives it.
 */
package com.hartonomous.ingest.standin.capture;
