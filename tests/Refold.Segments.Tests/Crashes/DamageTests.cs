// Devices that damage or lose what they had flushed: refused, naming the place and changing nothing;
// never a wrong entry, never a hidden loss.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class DamageTests(ITestOutputHelper output)
{
    [Fact]
    public Task DamageToFlushedBytes_IsRefused_OrHarmless_OrInsideTheVeryLastFlush() => SegmentSuites.Damage.HoldsAsync(output);
}
