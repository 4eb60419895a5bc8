// Who reads a clock, in the compiled code: of operations only what runs live, and of replay and verification nobody.
// Run by `dotnet test`.
using Mono.Cecil;
using Xunit;

namespace Refold.Architecture;

public class ReplayClockTests
{
    private static readonly string[] Live = ["LiveAttempt", "OperationRunner", "UnrecordedAttempt"];
    private static readonly string[] Clocks = ["TimeProvider", "DateTime", "DateTimeOffset", "Stopwatch", "Environment"];

    private static readonly string[] Readings =
    [
        "GetUtcNow", "GetLocalNow", "GetTimestamp", "GetElapsedTime", "CreateTimer", "get_System", "get_UtcNow", "get_Now", "get_Today",
        "StartNew", "get_TickCount", "get_TickCount64",
    ];

    [Fact]
    public void OfOperations_OnlyWhatRunsLiveReadsAClock_AndOfReplayNothing()
    {
        var readers = Readers();
        var operations = FilesOf("Operations").ToList();
        Assert.Contains("OperationReplay", operations);
        Assert.Contains("ReplayedAttempt", operations);
        Assert.Equal(Live, operations.Intersect(readers).Order());
        string[] verification = ["ReplayExtensions", "RecordedRun", "ReplayTranslation", "ReplayReport"];
        Assert.Empty(verification.Intersect(readers));
    }

    private static IEnumerable<string> FilesOf(string room) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "facade", "Refold", room), "*.cs")
            .Select(file => Path.GetFileName(file).Split('.')[0]).Distinct();

    // The outermost types, as closures and asynchronous methods have types of their own.
    private static HashSet<string> Readers()
    {
        using var module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, "Refold.dll"));
        return
        [
            .. module.GetTypes()
                .Where(type => type.Methods.Any(method => method.HasBody && method.Body.Instructions.Any(instruction =>
                    instruction.Operand is MethodReference called
                    && Clocks.Contains(called.DeclaringType.Name) && Readings.Contains(called.Name))))
                .Select(type =>
                {
                    while (type.DeclaringType is { } outer) type = outer;
                    return type.Name.Split('`')[0];
                }),
        ];
    }
}
