package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import com.hartonomous.ingest.standin.wire.RpcRequest.Argument;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParameterDeclarationsTest {
  private static final SqlType INT = SqlType.of(Kind.INT);

  @Test
  void givesNamesAndTypes() throws Exception {
    List<Parameter> bound =
        ParameterDeclarations.parse(
                " @P0 decimal( 38 , 2 ) ,@P1 NVARCHAR(max),@a varbinary(8000),@f float(24),"
                    + "@t time, @d datetime2(3),@o sysname,@x some.type")
            .bind(
                "statement",
                List.of(
                    argument("", INT, null),
                    argument("", INT, null),
                    argument("", INT, null),
                    argument("", INT, null),
                    argument("", INT, null),
                    argument("", INT, null),
                    argument("", INT, null),
                    argument("", INT, 8)));
    assertThat(bound)
        .extracting(Parameter::name)
        .containsExactly("@P0", "@P1", "@a", "@f", "@t", "@d", "@o", "@x");
    assertThat(bound)
        .extracting(Parameter::type)
        .containsExactly(
            SqlType.decimal(Kind.DECIMAL, 38, 2),
            SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
            SqlType.ofLength(Kind.VARBINARY, 8000),
            SqlType.of(Kind.REAL),
            SqlType.ofScale(Kind.TIME, 7),
            SqlType.ofScale(Kind.DATETIME2, 3),
            SqlType.ofLength(Kind.NVARCHAR, 128),
            INT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "@a time(8)",
        "@a datetimeoffset(99)",
        "@a decimal(39)",
        "@a numeric(0)",
        "@a decimal(5,6)",
        "@a float(54)",
        "@a varbinary(8001)",
        "@a nvarchar(4001)",
      })
  void refusesLengthsThatNoTypeHas(String declaration) {
    assertNumber(131, () -> ParameterDeclarations.parse(declaration));
  }

  @Test
  void bindsByNameWhateverTheOrder() throws Exception {
    List<Parameter> bound =
        ParameterDeclarations.parse("@a int,@b int")
            .bind("statement", List.of(argument("@B", INT, 2), argument("@a", INT, 1)));
    assertThat(bound).extracting(Parameter::value).containsExactly(1, 2);
  }

  @Test
  void keepsATypeWhoseValuesAreOfAnotherClass() throws Exception {
    List<Parameter> bound =
        ParameterDeclarations.parse("@a bigint").bind("s", List.of(argument("", INT, 1)));
    assertThat(bound.get(0)).isEqualTo(new Parameter("@a", INT, 1));
  }

  @Test
  void refusesWrongNumberOrNameOfArguments() throws Exception {
    ParameterDeclarations one = ParameterDeclarations.parse("@a int");
    assertNumber(8178, () -> one.bind("s", List.of()));
    assertNumber(8144, () -> one.bind("s", List.of(argument("", INT, 1), argument("", INT, 2))));
    assertNumber(8145, () -> one.bind("s", List.of(argument("@b", INT, 1))));
    assertThat(ParameterDeclarations.parse("").bind("s", List.of())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a int", "@a", "@a int,", "@ int", "@a int,,@b int"})
  void refusesWhatIsNoDeclaration(String text) {
    assertNumber(102, () -> ParameterDeclarations.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"@a int OUTPUT", "@a decimal(3,1) out"})
  void takesOutput(String text) throws SqlServerError {
    Parameter bound =
        ParameterDeclarations.parse(text)
            .bind("s", List.of(new Argument("", true, INT, null)))
            .get(0);
    assertThat(bound.output()).isTrue();
    assertThat(bound.name()).isEqualTo("@a");
  }

  @Test
  void refusesToGiveBackWhatIsNotDeclaredAsOutput() throws SqlServerError {
    ParameterDeclarations input = ParameterDeclarations.parse("@a int");
    assertNumber(8162, () -> input.bind("s", List.of(new Argument("", true, INT, 1))));
  }

  private static Argument argument(String name, SqlType type, Object value) {
    return new Argument(name, false, type, value);
  }

  private static void assertNumber(
      int number, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SqlServerError.class, e -> assertThat(e.number()).isEqualTo(number));
  }
}
