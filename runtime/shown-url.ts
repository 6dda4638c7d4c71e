/** The address of a database without its password, for people: whatever stands between the user's name and the last @. */
export function shownUrl(url: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*):[^?]*@/, "$1:…@").replace(/([?&](?:password|sslpassword)=)[^&]*/g, "$1…");
}
