/**
 * Service Broker over H2: conversations, queues and the transmission queue, as rows that a session
 * writes in its own transaction, so that they commit, roll back and survive with it. Locks of
 * conversation groups, waiting and the counts of rolled back receives are in memory. Knows H2 and
 * the shared types; the engine drives it.
 *
 * <p>A queue is a table of its own with the columns that SELECT shows ({@link
 * com.hartonomous.ingest.standin.broker.BrokerTables}). SEND puts a message into the target's queue
 * in the sender's transaction if it can be delivered, else into the transmission queue, whence
 * {@link com.hartonomous.ingest.standin.broker.Postman} delivers it once what kept it is gone.
 *
 * <p>Where this differs from a real server, as far as its documentation tells; it was never
 * compared with one:
 *
 * <ul>
 *   <li>One database, no routes, no encryption, no priorities (all are 5), no activation, no
 *       retention, no dialog timers; services, contracts and message types belong to dbo.
 *   <li>An EndDialog or Error message is delivered with the sender's commit when the other side's
 *       conversation group is free, else a moment later.
 *   <li>A body that fails its validation ends the conversation with an Error message on both sides
 *       at delivery; SEND itself succeeds.
 *   <li>Rolled back receives are counted for each conversation group, in memory: the fifth in a row
 *       disables the queue. A restart of the process begins to count anew.
 *   <li>A RECEIVE returns at most {@value
 *       com.hartonomous.ingest.standin.broker.BrokerSession#MESSAGES_MAX} messages, and stops at 64
 *       MiB of bodies behind the first; what is left stays in the queue.
 *   <li>The target's endpoint of an ended conversation is kept for 30 minutes as CLOSED.
 * </ul>
 */
package com.hartonomous.ingest.standin.broker;
