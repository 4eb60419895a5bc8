// What RecordJournal hands to the conformance suite.
// Made for each case by Program.cs and by the tests.
using Refold;
using Refold.Testing;

namespace OwnStore;

public sealed class RecordFixture : JournalFixture
{
    private readonly Records records = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

    public override async ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => await RecordJournal.OpenAsync(records);

    public override async ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        await RecordJournal.OpenAsync(records, options);

    // A power cut leaves what was written; everything else the journal held is gone with it.
    public override ValueTask<bool> CrashAsync() => new(true);
}
