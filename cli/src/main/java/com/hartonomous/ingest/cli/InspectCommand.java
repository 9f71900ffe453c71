package com.hartonomous.ingest.cli;

import com.hartonomous.ingest.format.Inspector;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "inspect",
    description = "Lists the tensors of models without loading them; exit 1 if one is bad.")
final class InspectCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "Model files, *.safetensors.index.json, directories.")
  private List<String> files;

  @Option(names = "--json", description = "One JSON object a tensor, a line each.")
  private boolean json;

  @Option(names = "--sha256", description = "Read and hash each tensor's values too.")
  private boolean sha256;

  @Override
  public Integer call() {
    boolean allGood =
        Inspector.ofLocalFiles()
            .inspect(
                files,
                json ? Inspector.Style.JSON : Inspector.Style.TABLE,
                sha256,
                spec.commandLine().getOut(),
                spec.commandLine().getErr());
    return allGood ? ExitCode.DONE : ExitCode.PROBLEM_FOUND;
  }
}
