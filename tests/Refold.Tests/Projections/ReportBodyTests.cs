// Bodies of reports, byte for byte: one history gives the same ones wherever the journal is and whatever was done to its files.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Xunit;

namespace Refold.Tests.Projections;

public class ReportBodyTests
{
    private static readonly string[] Cultures = ["tr-TR", "sv-SE", "ar-SA"];

    private static (string Hash, string Entries, byte[] Bytes) Told(ProjectionReport report) =>
        (report.BodyHash.ToString(), report.EntriesHash.ToString()!, Encoding.UTF8.GetBytes(report.BodyToJson()));

    private static void Same(ProjectionReport expected, ProjectionReport found, string where)
    {
        var (wanted, made) = (Told(expected), Told(found));
        Assert.True(wanted.Bytes.AsSpan().SequenceEqual(made.Bytes), $"{where}:\n{expected.BodyToJson()}\n{found.BodyToJson()}");
        Assert.Equal((wanted.Hash, wanted.Entries), (made.Hash, made.Entries));
    }

    [Fact]
    public async Task OneHistory_HasTheSameBodies_WhereverItsJournalIs()
    {
        using var directory = new TemporaryDirectory();
        var everywhere = await SameHistory.EverywhereAsync(directory);
        var whole = everywhere[0].Journal;
        var bodies = new HashSet<string>();
        foreach (var (name, journal) in everywhere)
        {
            Assert.Equal(whole.Head, journal.Head);
            foreach (var projection in SameHistory.Projections)
            {
                // What is gone of a stream that the query excludes could not match.
                if (name == "without a stream" && projection.Id is not ("streams" or "mixed" or "none")) continue;
                foreach (var asOf in (long?[])[null, 1, 60, whole.Head.Position])
                {
                    var expected = whole.RunWithEvidence(projection, asOf).Report;
                    Same(expected, journal.RunWithEvidence(projection, asOf).Report, $"{name}, {projection.Id}, {asOf}");
                    bodies.Add(expected.BodyToJson());
                }

                var invariant = whole.RunWithEvidence(projection).Report;
                foreach (var culture in Cultures)
                {
                    var before = CultureInfo.CurrentCulture;
                    CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                    try
                    {
                        Same(invariant, journal.RunWithEvidence(projection).Report, $"{name}, {projection.Id}, {culture}");
                    }
                    finally
                    {
                        CultureInfo.CurrentCulture = before;
                    }
                }
            }
        }

        foreach (var (_, journal) in everywhere)
        {
            // Reports append nothing.
            Assert.Equal(120 + 9, journal.Head.Position);
            await journal.DisposeAsync();
        }

        Assert.Equal(13, everywhere.Count);
        // Three places and six projections.
        Assert.Equal(18, bodies.Count);
    }

    [Fact]
    public async Task ForEqualObservationsOfTheCache_BodiesAreTheSame()
    {
        using var directory = new TemporaryDirectory();
        var everywhere = await SameHistory.EverywhereAsync(directory);
        List<List<ProjectionReport>> expected = [];
        foreach (var (name, journal) in everywhere)
        {
            if (name == "without a stream") continue;
            List<List<ProjectionReport>> found = [];
            foreach (var projection in SameHistory.Projections)
            {
                await using var store = Refold.Snapshots.Open("segments:" + directory.File($"cache {name} {projection.Id}"));
                var options = new ProjectionOptions { Cache = new ProjectionCache(store) };
                List<ProjectionReport> reports = [];
                // Missed, gone on from, served.
                foreach (var asOf in (long?[])[60, null, null])
                    reports.Add((await journal.RunWithEvidenceAsync(projection, options with { AsOf = asOf })).Report);
                reports.Add((await journal.RunWithEvidenceAsync(projection, options with { MaxStale = TimeSpan.FromDays(1) })).Report);
                found.Add(reports);
            }

            if (expected.Count == 0) expected = found;
            foreach (var (index, reports) in found.Index())
            {
                foreach (var (number, report) in reports.Index()) Same(expected[index][number], report, $"{name}, {index}, {number}");
            }

            await journal.DisposeAsync();
        }

        Assert.Equal(["Miss", "Hit", "Hit", "Hit"], expected[0].Select(report => report.CacheStatus));
    }

    /// <summary>The body says what was found in the cache, and not what became of the state that was to be kept there.</summary>
    [Fact]
    public async Task AStateThatCouldNotBeKept_IsNotInTheBody()
    {
        await using var journal = new InMemoryJournal();
        await SameHistory.FillAsync(journal);
        await using var whole = new InMemorySnapshotStore();
        await using var failing = new StagedSnapshotStore { Fails = _ => new IOException("full") };
        foreach (var projection in SameHistory.Projections)
        {
            var kept = await journal.RunWithEvidenceAsync(projection, new() { Cache = new ProjectionCache(whole) });
            var lost = await journal.RunWithEvidenceAsync(projection, new() { Cache = new ProjectionCache(failing) });
            Same(kept.Report, lost.Report, projection.Id);
            Assert.Empty(kept.Report.Diagnostics);
            // Where nothing matched there is nothing to keep.
            Assert.Equal(projection.Id == "none" ? [] : ["the state was not kept in the cache: full"], lost.Report.Diagnostics);
        }
    }

    [Fact]
    public async Task WithoutABeginningThatCouldNotMatch_BodiesAreTheSame()
    {
        await using var whole = new InMemoryJournal();
        await SameHistory.FillAsync(whole);
        foreach (var (name, journal, end) in await SameHistory.WithoutBeginningAsync(61))
        {
            var begin = end.Position;
            Assert.InRange(begin, 20, 60);
            ProjectionSource later = new ProjectionSource.Range(begin + 1, 1000);
            Projection<long>[] projections =
                [SameHistory.Of("later", later), SameHistory.Of("b", later, new ProjectionSource.Stream("b"))];
            foreach (var projection in projections)
            {
                foreach (var asOf in (long?[])[null, begin, begin + 1, 100])
                {
                    var expected = whole.RunWithEvidence(projection, asOf).Report;
                    Same(expected, journal.RunWithEvidence(projection, asOf).Report, $"{name}, {projection.Id}, {asOf}");
                }
            }

            await journal.DisposeAsync();
        }
    }
}
