// A data file that has no name of its own yet, seen as if it had: to look at it before it gets one.
// Made by LiteDbFiles for backups.
namespace Refold.LiteDb.Storage;

/// <summary>The new file of a journal as its data file, without a log; to be read only.</summary>
internal sealed class UnnamedFiles(IDatabaseFiles files) : IDatabaseFiles
{
    public string Place => files.Place;

    public bool Exists(FileRole role) => role == FileRole.Data && files.Exists(FileRole.New);

    public IDatabaseFile? Open(FileRole role, Opening opening) => files.Open(FileRole.New, Opening.Reader);

    public void Promote(bool replace) => throw new NotSupportedException();

    public void Delete(FileRole role) => throw new NotSupportedException();

    public void FlushDirectory() => throw new NotSupportedException();
}
