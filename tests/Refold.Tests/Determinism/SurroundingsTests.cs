// What decisions must not read and belongs to the whole process, provoked in C#. Named as in core/determinism.md.
// Run by `dotnet test`, apart from all other tests: the time zone is that of all of them.
using System.Globalization;
using Xunit;

namespace Refold.Tests.Determinism;

[CollectionDefinition(nameof(SurroundingsTests), DisableParallelization = true)]
public sealed class SurroundingsAlone;

[Collection(nameof(SurroundingsTests))]
public class SurroundingsTests
{
    public static TheoryData<string> EveryStore => Notes.EveryStore;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task TheEnvironmentAndConfiguration(string store)
    {
        const string name = "REFOLD_TEST_LIMIT";
        var found = await UnderAsync(store, name, "10", null, () => "limit " + (Environment.GetEnvironmentVariable(name) ?? "none"));
        DeterminismPage.Promises([found]);
        Assert.Equal(Found.AtFirstNote("payload", "/data", "\"limit 10\"", "\"limit none\""), found);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task TimeZones(string store)
    {
        var midnight = new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero);
        var found = await UnderAsync(
            store, "TZ", "UTC", "America/New_York",
            () => midnight.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        DeterminismPage.Promises([found]);
        Assert.Equal(Found.AtFirstNote("payload", "/data", "\"2024-05-01 00:00\"", "\"2024-04-30 20:00\""), found);
    }

    // Records while a variable of the environment has a value, and verifies while it has another.
    private static async Task<Found> UnderAsync(string store, string name, string? recorded, string? verified, Func<string> say)
    {
        var before = Environment.GetEnvironmentVariable(name);
        try
        {
            Set(name, recorded);
            var notes = Notes.Saying(_ => say());
            return await Notes.FindAsync(store, notes, notes, () => Set(name, verified));
        }
        finally
        {
            Set(name, before);
        }
    }

    private static void Set(string name, string? value)
    {
        Environment.SetEnvironmentVariable(name, value);
        TimeZoneInfo.ClearCachedData();
    }
}
