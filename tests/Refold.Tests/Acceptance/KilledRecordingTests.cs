// SIGKILL anywhere in a recording: resumed, it ends as one that was never killed.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Acceptance;

public class KilledRecordingTests(ITestOutputHelper output)
{
    [Fact]
    public Task Resumed_ItEndsWithTheSameHeadAndState() => ToolSuites.RecordingKills.HoldsAsync(output);
}
