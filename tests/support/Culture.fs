// Another culture for the length of a function.
// Called by tests and properties of what must not depend on it.
namespace Refold.Support

open System.Globalization

/// Runs functions under a culture of the thread.
[<RequireQualifiedAccess>]
module Culture =

    /// What the function gives under the culture; the thread's own one comes back afterwards.
    let under (name: string) (action: unit -> 'Result) : 'Result =
        let before = CultureInfo.CurrentCulture
        CultureInfo.CurrentCulture <- CultureInfo.GetCultureInfo name

        try
            action ()
        finally
            CultureInfo.CurrentCulture <- before
