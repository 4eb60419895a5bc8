// The verbs of the tool, in the order of the help.
// Called by CommandLine.
using System.CommandLine;

namespace Refold.Cli.Verbs;

internal static class AllVerbs
{
    public static IEnumerable<Command> Create() =>
    [
        RngVerb.Create(),
        ImportVerb.Create(),
        ExportVerb.Create(),
        ReadVerb.Create(),
        StreamsVerb.Create(),
        RunsVerb.Create(),
        OutboxVerb.Create(),
        StateVerb.Create(),
        DiffVerb.Create(),
        InspectVerb.Create(),
        VerifyVerb.Create(),
        ProveVerb.Create(),
        CheckpointVerb.Create(),
        KeygenVerb.Create(),
        ExplainVerb.Create(),
        ProjectVerb.Create(),
        EvidenceVerb.Create(),
        BackupVerb.Create(),
        CopyVerb.Create(),
        CompactVerb.Create(),
        RecordVerb.Create(),
        ReplayVerb.Create(),
        DemoVerb.Create(),
        BenchVerb.Create(),
    ];
}
