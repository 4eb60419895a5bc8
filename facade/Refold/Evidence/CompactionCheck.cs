// Checking the report of a compaction: what is gone, where the beginning ends, batches and roots, as far as the journal still shows them.
// Called by EvidenceChecks.
namespace Refold;

internal static class CompactionCheck
{
    /// <summary>What the journal says of the body of such a report; its head is right.</summary>
    public static EvidenceCheck Of(ILocalJournal journal, Core.CompactionReportBody body)
    {
        // That nothing else went, and what was asked for, no journal shows.
        List<string> left = ["/gone", "/order"];
        var fault = TreeFault(journal, "/tree_size", "/root", body.Head, body.TreeSize, body.Root, left)
            ?? BeginningFault(journal, body, left) ?? GoneFault(journal, body);
        if (JournalBounds.TryKeysForgottenBefore(journal) is not { } keys || (keys > body.KeysBefore && body.KeysBefore >= 0))
            left.Add("/keys_before");
        else if (keys != body.KeysBefore)
            fault ??= ReportDifference.At("/keys_before", NumberText.Of(body.KeysBefore), NumberText.Of(keys));
        left.Sort(StringComparer.Ordinal);
        return fault is null ? new(null, left) : new(fault, []);
    }

    private static string? BeginningFault(ILocalJournal journal, Core.CompactionReportBody body, List<string> left)
    {
        var (begin, said) = (JournalBounds.Begin(journal) ?? default, body.Beginning);
        if (said.Position <= 0 && said != default) return ReportDifference.At("/beginning", said.ToString(), begin.ToString());
        if (begin.Position < said.Position) return ReportDifference.At("/beginning", said.ToString(), "begins with " + begin);
        if (begin.Position == said.Position && begin != said) return ReportDifference.At("/beginning", said.ToString(), begin.ToString());
        // More of it went since.
        if (begin.Position > said.Position) left.Add("/beginning");
        return TreeFault(
            journal, "/beginning_tree_size", "/beginning_root", said, body.BeginningTreeSize, body.BeginningRoot, left);
    }

    private static string? GoneFault(ILocalJournal journal, Core.CompactionReportBody body)
    {
        var floors = journal.Streams().ToDictionary(stream => stream.Stream, stream => stream.Floor);
        var named = new HashSet<StreamId>();
        foreach (var (went, index) in body.Gone.Select((went, index) => (went, index)))
        {
            if (!named.Add(went.Stream)) return FormattableString.Invariant($"/gone/{index}/stream: it is named twice");
            if (went.First < 1 || went.Last < went.First)
                return FormattableString.Invariant($"/gone/{index}/from_version: there are no versions from {went.First} to {went.Last}");
            if (floors.GetValueOrDefault(went.Stream) < went.Last)
                return ReportDifference.At(
                    FormattableString.Invariant($"/gone/{index}/to_version"),
                    $"version {NumberText.Of(went.Last)} of {went.Stream} is gone",
                    "has it, or never had it");
        }

        return null;
    }

    private static string? TreeFault(
        ILocalJournal journal, string sizeAt, string rootAt, Head head, long size, Hash root, List<string> left)
    {
        if (head.Position == 0)
        {
            if (size != 0) return ReportDifference.At(sizeAt, NumberText.Of(size), "is empty there");
            return root == TreeHead.Empty.Root ? null : ReportDifference.At(rootAt, root.ToString(), TreeHead.Empty.Root.ToString());
        }

        try
        {
            if (journal.TreeSize(head.Position) is var found && found != size)
                return ReportDifference.At(sizeAt, NumberText.Of(size), found is { } other ? NumberText.Of(other) : "has no batch there");
            var tree = journal.RootAt(size);
            return tree.Root == root ? null : ReportDifference.At(rootAt, root.ToString(), tree.Root.ToString());
        }
        catch (Exception exception) when (exception is ProofException or NotSupportedException)
        {
            // More of the beginning went since, or the store proves nothing.
            left.AddRange([rootAt, sizeAt]);
            return null;
        }
    }
}
