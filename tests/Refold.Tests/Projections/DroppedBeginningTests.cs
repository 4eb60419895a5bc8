// Projections as of the very end of a beginning that was dropped: the journal knows that place, its tree and its time, in every store.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Projections;

public class DroppedBeginningTests
{
    [Fact]
    public async Task AsOfTheEndOfADroppedBeginning_WhatCouldNotMatch_IsReported()
    {
        await using var whole = new InMemoryJournal();
        await SameHistory.FillAsync(whole);
        foreach (var (name, journal, begin) in await SameHistory.WithoutBeginningAsync(61))
        {
            var later = SameHistory.Of("later", new ProjectionSource.Range(begin.Position + 1, 1000));
            var expected = whole.RunWithEvidence(later, begin.Position).Report;
            Assert.Equal((begin, null), (expected.Head, expected.Frontier));
            Assert.True(
                expected.BodyToJson() == journal.RunWithEvidence(later, begin.Position).Report.BodyToJson(),
                $"{name}: {journal.RunWithEvidence(later, begin.Position).Report.BodyToJson()}");
            // The place is found by its time too.
            var latest = whole.BatchAt(begin.Position)!.Latest!.Value;
            Assert.Equal(begin, journal.HeadAsOf(latest));
            Assert.Equal(expected.BodyToJson(), journal.RunWithEvidenceAsOf(later, latest).Report.BodyToJson());
            Assert.Equal(begin, journal.HeadAt(begin.Position));
            // Behind the journal that folds inside appends likewise.
            var inline = new InlineProjection<long>(later);
            var around = await journal.WithInlineAsync([inline]);
            Assert.Equal(expected.BodyToJson(), around.RunWithEvidence(later, begin.Position).Report.BodyToJson());
            // What could have matched is gone, there as everywhere.
            var failed = Assert.Throws<ProjectionFailedException>(() => journal.RunWithEvidence(SameHistory.Of("all"), begin.Position));
            Assert.Contains("history-dropped", failed.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => journal.RunWithEvidence(later, begin.Position - 1));
            await journal.DisposeAsync();
        }
    }

    [Fact]
    public async Task AStateThatWasKeptThere_IsServed_WithTheTimeAndTheTreeOfThePlace()
    {
        using var directory = new TemporaryDirectory();
        await using var whole = new InMemoryJournal();
        await SameHistory.FillAsync(whole);
        foreach (var (name, journal, begin) in await SameHistory.WithoutBeginningAsync(61))
        {
            await using var kept = Refold.Snapshots.Open("segments:" + directory.File(name));
            var all = SameHistory.Of("all");
            var options = new ProjectionOptions { Cache = new ProjectionCache(kept), AsOf = begin.Position };
            Assert.Equal("Miss", (await whole.RunWithEvidenceAsync(all, options)).Report.CacheStatus);
            var expected = await whole.RunWithEvidenceAsync(all, options);
            var found = await journal.RunWithEvidenceAsync(all, options);
            Assert.Equal(("Hit", expected.State), (found.Report.CacheStatus, found.State));
            Assert.True(expected.Report.Frontier!.Value.WallMs > 0);
            Assert.True(expected.Report.BodyToJson() == found.Report.BodyToJson(), $"{name}: {found.Report.BodyToJson()}");
            // It is gone on from, to the end.
            var last = await journal.RunWithEvidenceAsync(all, options with { AsOf = null });
            Assert.Equal((whole.RunWithEvidence(all).State, "Hit"), (last.State, last.Report.CacheStatus));
            await journal.DisposeAsync();
        }
    }

    [Fact]
    public async Task TheTreeAtTheEndOfADroppedBeginning_IsKnown_AndGrowthFromItIsProved()
    {
        await using var whole = new InMemoryJournal();
        await SameHistory.FillAsync(whole);
        foreach (var (name, journal, begin) in await SameHistory.WithoutBeginningAsync(61))
        {
            var size = whole.TreeSize(begin.Position)!.Value;
            Assert.Equal((name, size), (name, journal.TreeSize(begin.Position)!.Value));
            Assert.Equal(whole.RootAt(size), journal.RootAt(size));
            var proof = journal.ConsistencyProof(size);
            Assert.True(BatchTree.Extends(whole.RootAt(size), whole.RootAt(), proof.Path), name);
            Assert.Throws<ProofException>(() => journal.InclusionProof(begin.Position));
            await journal.DisposeAsync();
        }
    }
}
