package com.hartonomous.ingest.standin.tsql;

import java.util.List;

/**
 * Statements of Service Broker's conversations. Handles, groups, names and bodies are expressions;
 * a name that was written as a word is a {@link Expression.StringLiteral}. What may be absent is
 * null.
 */
public sealed interface BrokerStatement extends Statement {

  /**
   * BEGIN DIALOG.
   *
   * @param handle takes the new conversation's handle
   * @param brokerInstance or null
   * @param contract or null: the contract DEFAULT
   * @param lifetime seconds, or null
   * @param related a conversation handle or group, or null
   * @param relatedIsGroup RELATED_CONVERSATION_GROUP was written
   */
  record BeginDialog(
      Expression.Variable handle,
      Expression fromService,
      Expression toService,
      Expression brokerInstance,
      Expression contract,
      Expression lifetime,
      Expression related,
      boolean relatedIsGroup)
      implements BrokerStatement {}

  /**
   * SEND.
   *
   * @param handles at least one
   * @param messageType or null: the message type DEFAULT
   * @param body or null
   */
  record Send(List<Expression> handles, Expression messageType, Expression body)
      implements BrokerStatement {
    public Send {
      handles = List.copyOf(handles);
    }
  }

  /** The statements that WAITFOR can wait in. */
  sealed interface Awaitable extends BrokerStatement {

    /** The queue that is waited for. */
    ObjectName queue();
  }

  /**
   * RECEIVE.
   *
   * @param top or null
   * @param reading a SELECT of the select list from the queue, or with INTO an INSERT of such a
   *     SELECT: what is to be done with the messages once they are taken from the queue
   * @param assigns the select list assigns variables
   * @param conversation or null
   * @param group or null
   */
  record Receive(
      Expression top,
      ObjectName queue,
      DataStatement reading,
      boolean assigns,
      Expression conversation,
      Expression group)
      implements Awaitable {}

  /** GET CONVERSATION GROUP. */
  record GetConversationGroup(Expression.Variable group, ObjectName queue) implements Awaitable {}

  /**
   * WAITFOR (statement), TIMEOUT timeout.
   *
   * @param timeout milliseconds, or null
   */
  record WaitForMessages(Awaitable statement, Expression timeout) implements BrokerStatement {}

  /**
   * END CONVERSATION.
   *
   * @param code of WITH ERROR, or null
   * @param description of WITH ERROR, or null
   */
  record EndConversation(
      Expression handle, Expression code, Expression description, boolean cleanup)
      implements BrokerStatement {}

  /** MOVE CONVERSATION handle TO group. */
  record MoveConversation(Expression handle, Expression group) implements BrokerStatement {}
}
