package com.hartonomous.ingest.testing;

import static org.junit.platform.commons.support.AnnotationSupport.findAnnotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A test, or all of a class, that needs the stand-in and is skipped where tests run on a real
 * server. All others run on both.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("stand-in")
@ExtendWith(StandInOnly.Condition.class)
public @interface StandInOnly {

  /** What it needs that no real server has. */
  String value();

  /** Skips, with the reason. */
  final class Condition implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      String need =
          findAnnotation(context.getElement(), StandInOnly.class)
              .map(StandInOnly::value)
              .orElse(null);
      if (need == null || !RealServer.isConfigured()) {
        return ConditionEvaluationResult.enabled("runs on every server");
      }
      ServersReport.of(context).skipped(context, need);
      return ConditionEvaluationResult.disabled("needs the stand-in", need);
    }
  }
}
