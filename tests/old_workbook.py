"""A workbook of Excel 97, which no library of the tests can write; its content is made up.

Saved with LibreOffice: a title, a header in row 2, two homes, a total, a merged street, a hidden
sheet.
"""

import base64
import zlib
from typing import Final

XLS: Final = zlib.decompress(
    base64.b85decode(
        "c-rk)U2IfE6h3qJ?s8k&-EB(|3zn7NLR&0iq@viR1qBrfwpug|P|CJcw%w+!fog>1H;qEXkf0AlLITD_gA$D<{$T"
        "rH!h;5V;6bBFArdwCuow-&NZ0S2JG;HqZPG2oMCjancV^C=pEKuY&dmMhY)=2NQw8T~NP3W5G!V}qkAtRw%tXacW"
        "N6wzJRVPw<74T6m9FWWb!b9=Zh&<@4zPd>t>5uFA4|7ZdXge|x+p-)s111sbyGTNA}q!^-bnfkjIiBE)7bo@pP%<"
        "{-p5_QaQ@GGKKp+bkPUbNpB(}y2gn8TfC)gp*aXoXz$D;Kpa7T*Oabl!3W2FW0Js~N222NL05gGEz-*uhm;=n!Je"
        "TO4aSzI6z<f<xfc(C(Ju2;#VL^)?H+`D@6{}oye;yX`zS$>saRI2OcD9YGhHzuxze<(DLxW--dSRrCl?hul=m_AY"
        "_k{kLycdi8Aq6Q=u5Eg)5fttZ$a|W+y?877So(Y~l=-m4AH>cNiW?{zr>dxd!qh?=u@knSMFE{*58ELv*gw<~`NF"
        "Mk>}%O|bHkg|D%pu6@QWI>X`@b*s^~F#TqspkXlBuI_RL2^ZJ~~aaG{w)C)g{yk?KoZTkA_VZR!^{JWhYc0}hw(4"
        "KST&68aw_qZ?_`>9(UEhwM_xx!7(W8%m!u483F+`rKjY87b-R1V2T?(5<2TpRnoXApMYmN|fT9`=c(&bD|!}bEBr"
        "@dC_r_Pl&qX8^odZA{ZRu*g>XxagB;DYTnbl7pD1>#qMaRpF^8__7l6XqCRB-M70MLU4o+_l*FEu**!6lrDcaBg9"
        "fh{%28fG<74ddU!b8yI~78d)vJPd2dVI~-wsk1+`>W-vaZ0h{-z!YT3!igYHMqM=c1Yfo7uJd*I;LuxZ_F<__Hao"
        "ZcyraY7V+cy}WK^b$f_eUth55VrXhJKAqkE);eVGB6E{^wR>wTkGAnJny(Mn)ztNX|FW`$sIFeM=jgY)(AKIw_6o"
        "S)7DqVs(q+>Qr;S!VFlaydIyX4x+IzGAy1h9IV%P+c@m`iABJo2ArBzcdUAVuXV!hC#gL<Z!tWGLXJMpE@oGU$w<"
        "-JSVCSvw(q3x0PtYrURDrP&%MagokVveJH3_ENFxFS)nf!Rvbq%6<wz772qiCocB_+rsZvTR7z^68a&?Y&Xna_TV"
        "rx?E!Ko609Nm4arZpt(}eOgY^Q(yr-ytS#=-5<wJdgO5krC^^mW+pa0pjAYF~&6TXVP&1P?Q%=T-nj1AwvgSdJSL"
        "!mnG8!Zi%v_uI<};Q2-H=%<-P*vDFQ>525v>f&;-h_XzB>G+fwJ!u_n$h0G{-I(FH`q+$yj`LQ-%jM9&5Y7bROrl"
        "jGBwG8?`(cX?k)bQ`XMf;vS~-sDvmkqKBb%?-7oe$KPl*TV-syZILlcJ1Y<4BUh|U_%dTfLeGf#Q=Cf;%9MWGhh_"
        "J$kxL(W?9fj1kXRU>AbqmR!~{sq@bqTOIgm=6g>N@MGLnKx_>oHCM=FIc_~dNQx>izSDLJ(oaB9^Wg;p(xR_VsIn"
        "rJ)_cV*glAirg=zSsWr2;VtYwlsD`IwMV8fo0noL*c*!3rlMoHip9CkSwsWrKzd>M($pUlFl%yG!T~nnQC0>-+T1"
        ";tJRzR@4RMF@$3)2V`;ykcS)t?$5y#q-_z=~WH#&jT9>}FMfJUHzqXHGui1An?h|PbwY7I|3zNQ=8Twuobnx=8^7"
        "0S=I{Ctn%2~eI>zCkv?(1_$=1uk=dL8R8xq5Ob$B7}ddVSAK91{GFH9n#5wWRNw{JmU%4>}GNEUP8$?N5g~I$I)b"
        "*UO0IyI|gYx>eK7{Qo2JAL4_l`mj!d*><@Ovv<%I90Qq;Eot+gE78Z+Q#_6TDxYK~{HzM|w&I3c4IZ8w)%-5UKbV"
        "p9DF#*~{k$5t!O*Dn$0vkz|NoTge>L{GtA?J(`de}1WZkcT6*P%Xn9_yYY6O(wQ<0wEore790cVo)FU1Uv!b3<bF"
        "g<?CN3s5Ufw#y0|4I4>Q=~}i"
    )
)
